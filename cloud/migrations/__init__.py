"""The history of the tables; run by `cloud.database.migrate`."""

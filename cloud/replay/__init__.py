"""Past days, played again from the logs of cases."""

"""Documents that a site ships as files and administrators edit: one table, versions, one way to read them."""

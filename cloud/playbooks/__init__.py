"""What is done about a class of event, step by step and by itself: data of the site, told from the log."""

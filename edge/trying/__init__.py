"""Other zones and rules tried upon the pictures of the last hour, in a process of their own."""

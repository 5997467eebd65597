"""What is kept of people: copies that show nobody, who looked at originals, how long things stay, tracks."""

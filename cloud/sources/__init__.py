"""Where cases come from besides the edge: workers, citizens, the hotline; and what is told of them."""

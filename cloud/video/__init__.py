"""Live pictures and stills: brought by nodes while somebody watches, handed on, never kept."""

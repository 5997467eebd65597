"""What anybody may see without an account: where a case stands, and counts that name nobody."""

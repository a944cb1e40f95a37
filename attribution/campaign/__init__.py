"""Whether strikes, halts and truces changed the tempo of attacks, and what that says about who did it."""

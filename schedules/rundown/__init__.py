"""What each speaker will play, in order, over the next days, and why it will not play the rest."""

"""Measurements side by side: what the README shows, each figure by a command that anyone can run again."""

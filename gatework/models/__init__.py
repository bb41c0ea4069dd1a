"""Embed, recurrent stack, head: one small network a task."""

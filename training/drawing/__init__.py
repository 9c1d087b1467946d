"""Draws displays of all kinds over pictures, as vectors: what the project's own models are trained on.

Nothing here is a copy of a real game, camera or station: layouts, words, colours and shapes are drawn at
random from what such displays have in common.
"""

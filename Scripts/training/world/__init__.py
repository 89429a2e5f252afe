"""The small world: scenes, speech, tones and the questions about them, each skill a function in the registry of
`skills`."""

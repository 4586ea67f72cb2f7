"""The 128 sounds of General MIDI by name (General MIDI System Level 1, MIDI Manufacturers Association, 1991)."""

from __future__ import annotations

from functools import cache

NAMES: tuple[str, ...] = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano", "Electric Piano 1",
    "Electric Piano 2", "Harpsichord", "Clavinet", "Celesta", "Glockenspiel", "Music Box", "Vibraphone", "Marimba",
    "Xylophone", "Tubular Bells", "Dulcimer", "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Tango Accordion", "Acoustic Guitar (nylon)", "Acoustic Guitar (steel)",
    "Electric Guitar (jazz)", "Electric Guitar (clean)", "Electric Guitar (muted)", "Overdriven Guitar",
    "Distortion Guitar", "Guitar Harmonics", "Acoustic Bass", "Electric Bass (finger)", "Electric Bass (pick)",
    "Fretless Bass", "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2", "Violin", "Viola", "Cello",
    "Contrabass", "Tremolo Strings", "Pizzicato Strings", "Orchestral Harp", "Timpani", "String Ensemble 1",
    "String Ensemble 2", "Synth Strings 1", "Synth Strings 2", "Choir Aahs", "Voice Oohs", "Synth Voice",
    "Orchestra Hit", "Trumpet", "Trombone", "Tuba", "Muted Trumpet", "French Horn", "Brass Section", "Synth Brass 1",
    "Synth Brass 2", "Soprano Sax", "Alto Sax", "Tenor Sax", "Baritone Sax", "Oboe", "English Horn", "Bassoon",
    "Clarinet", "Piccolo", "Flute", "Recorder", "Pan Flute", "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Lead 1 (square)", "Lead 2 (sawtooth)", "Lead 3 (calliope)", "Lead 4 (chiff)", "Lead 5 (charang)",
    "Lead 6 (voice)", "Lead 7 (fifths)", "Lead 8 (bass + lead)", "Pad 1 (new age)", "Pad 2 (warm)",
    "Pad 3 (polysynth)", "Pad 4 (choir)", "Pad 5 (bowed)", "Pad 6 (metallic)", "Pad 7 (halo)", "Pad 8 (sweep)",
    "FX 1 (rain)", "FX 2 (soundtrack)", "FX 3 (crystal)", "FX 4 (atmosphere)", "FX 5 (brightness)", "FX 6 (goblins)",
    "FX 7 (echoes)", "FX 8 (sci-fi)", "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock", "Taiko Drum", "Melodic Tom", "Synth Drum", "Reverse Cymbal",
    "Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet", "Telephone Ring", "Helicopter", "Applause",
    "Gunshot",
)

# Words in the names that scores use, tried in this order; a bass is a singer unless it is called a double bass.
_WORDS: tuple[tuple[str, int], ...] = (
    ("piano", 0), ("cembalo", 6), ("harpsichord", 6), ("organ", 19), ("guitar", 24), ("violone", 43),
    ("violoncello", 42), ("cello", 42), ("contrabass", 43), ("double bass", 43), ("viola", 41), ("violin", 40),
    ("harp", 46), ("timpani", 47), ("string", 48), ("oboe", 68), ("english horn", 69), ("bassoon", 70),
    ("clarinet", 71), ("piccolo", 72), ("flute", 73), ("recorder", 74), ("trumpet", 56), ("trombone", 57), ("tuba", 58),
    ("horn", 60), ("sax", 65), ("choir", 52), ("voice", 52), ("soprano", 52), ("alto", 52), ("tenor", 52), ("bass", 52),
)


@cache
def program_of(instrument: str) -> int:
    """The General MIDI program (0..127) of an instrument name; a piano (0) when nothing fits.

    >>> program_of("Choir Aahs"), program_of("Violin II"), program_of("Kazoo")
    (52, 40, 0)
    """
    lowered = instrument.strip().lower()
    exact = [name.lower() for name in NAMES]
    if lowered in exact:
        return exact.index(lowered)
    return next((program for word, program in _WORDS if word in lowered), 0)

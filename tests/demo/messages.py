# SPDX-License-Identifier: GPL-2.0
"""
What the two say to each other on the day of Fig. 7: clock of the sender (UTC), sender, place, text.
Sorted by time, so that row N becomes log index N.
"""

DAY = "2025-01-15"

FIGURE_7 = 4
TIME = "19:30:10"
PLACE = "Paris"
TEXT = "Mission status update"

MESSAGES = [
    ("19:02:45", "PC", "Lyon", "Control room open, link up"),
    ("19:11:30", "Pi", "Orleans", "Battery 96 percent, sensors ready"),
    ("19:24:05", "Pi", "Orleans", "Take-off"),
    (TIME, "PC", PLACE, TEXT),
    ("19:30:58", "Pi", "Chartres", "Altitude 120 m, 14 m/s, heading 042"),
    ("19:33:20", "PC", PLACE, "Photograph the cathedral, both towers"),
    ("19:34:41", "Pi", "Chartres", "Photographs 1 to 12 taken"),
    ("19:37:02", "Pi", "Rambouillet", "Crossing the forest, wind from the west"),
    ("19:41:15", "PC", PLACE, "Stay below 100 m near the airfield"),
    ("19:41:49", "Pi", "Toussus-le-Noble", "Descended to 90 m"),
    ("19:45:30", "Pi", "Versailles", "Battery 61 percent"),
    ("19:46:12", "PC", PLACE, "Continue to the river"),
    ("19:49:55", "Pi", "Sèvres", "River in sight"),
    ("19:52:08", "Pi", "Paris, Pont Mirabeau", "Photographs 13 to 20 taken"),
    ("19:54:33", "PC", PLACE, "Received 20 photographs, all good"),
    ("19:56:47", "Pi", "Paris, Champ de Mars", "Battery 44 percent, landing site clear"),
    ("19:58:00", "PC", PLACE, "Land"),
    ("19:59:21", "Pi", "Paris, Champ de Mars", "Landed"),
    ("20:03:10", "PC", PLACE, "Mission complete"),
]

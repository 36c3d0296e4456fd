"""Draws a state machine: what its arrows say, where everything lies, and the SVG of it.

    definition -> arrows -> layers -> order -> coordinates -> boxes and routes -> SVG

It is Sugiyama's way: an arrow that spans layers has an item in each of them, a label is an item too, and whatever lies
in one layer keeps apart. So no arrow runs beneath a box and none hides a label, whatever the machine. Only the sizes of
texts are estimated, on the large side. The price is width: every label has room of its own.
"""

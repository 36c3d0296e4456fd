"""Archives: all of a lane in open formats, with a manifest of checksums, to keep when the lane goes.

What is in a lane is told as parts (:mod:`shared.archive.inventory`): one file each, and of what it is. Making an
archive writes the parts that a store (:mod:`shared.archive.stores`) lacks. Checking one reads its files back, and
holding one against a cloud asks for the parts again. So all three agree on what belongs in it.
"""

"""S3's objects as files: they stream from a request to the disk and back, and never lie in memory.

moto 5.2 keeps each object in memory several times over. Here it keeps what it knows *of* objects, and their contents
lie in files. On the way of a request:

1. ``arriving`` leaves the body of a PutObject or an UploadPart where it is; the door (:mod:`shared.local.door.chunks`)
   checks and unpacks it while it is read. Nobody reads it before S3 knows that it will take it.
2. ``putting``, ``parts`` and ``copying`` answer what makes objects. ``arriving`` streams a body to a file and
   calculates its MD5 and its checksum (``sums``) on the way. Parts become an object, and objects other objects, by
   sharing files (``contents``).
3. ``versions`` gives an object its name, in one step, when all that is told of it is there.
4. ``getting`` streams an object, a range or a part of it to its reader. ``preconditions`` tells which requests are
   answered only if the object is as they say.

``keys`` makes moto's objects hold a content instead of bytes, ``refusals`` tells what S3 refuses in its own words, and
``plug`` puts all of it in moto's place.

The cost: an object takes a file, also one of a few bytes; and a part that is copied is read once, for its checksum.
"""

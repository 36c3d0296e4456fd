"""Container images of functions without a container engine: assembled here, kept as OCI layouts, pushed over HTTP.

An image is a base that somebody else built, with layers of ours on top. A layer is files, and no program is run to make
one, so the same code and base give the same digest on any machine. An image for which a program must run (apt-get, dnf)
needs an engine; for that, a Dockerfile is written. Formats: OCI image-spec 1.1 (image and layout) and distribution-spec
1.1 (the registry's HTTP).
"""

"""Container images of functions without a container engine: assembled here, kept as OCI layouts, pushed over HTTP.

An image is a base somebody else built and layers of ours on top: files, no programs run. So the same code and base give
the same digest on any machine. What must be *run* to make an image (apt-get, dnf) needs an engine, and for that a
Dockerfile is written. Formats: OCI image-spec 1.1 (image and layout) and distribution-spec 1.1 (the registry's HTTP).
"""

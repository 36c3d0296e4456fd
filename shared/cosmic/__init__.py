"""The astronomers' workshop: survey, partitions, conversion, model. It is not in the Lambda zip.

``spectra`` and ``survey`` render galaxies (GalSim, the extra ``survey``); ``sample`` unpacks the survey kept in the
repository; ``partitions`` writes, checks and re-cuts the files that ranks read; ``convert`` reads the field's .pt
files; ``network``, ``train`` and ``export`` make the model (torch and onnx, the extra ``train``).
"""

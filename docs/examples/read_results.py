"""List what a run wrote into the team's bucket, and read it.

Against the embedded cloud::

    $ lanes up
    $ lanes run team2 cosmic --world-size 2 && eval "$(lanes env)"
    $ python docs/examples/read_results.py
       2,411 bytes  results/20261129T193257Z-15813c/combined_data.json
       6,082 bytes  results/20261129T193257Z-15813c/predictions/0.npz
       6,079 bytes  results/20261129T193257Z-15813c/predictions/1.npz
       1,289 bytes  results/20261129T193257Z-15813c/ranks/0.json
       1,036 bytes  results/20261129T193257Z-15813c/ranks/1.json
       1,181 bytes  results/20261129T193257Z-15813c/summary.json
    rank 0: 626 galaxies, 1,208 a second
    rank 1: 624 galaxies, 1,182 a second
    mean error of a redshift: 0.0136

Against AWS it is the same program, with the credentials of your shell.
"""

import io
import json

import boto3
import numpy as np

BUCKET = "team2-cosmical-7078ea12"


def main() -> None:
    """Show the newest run of the workflow cosmic: its files, its ranks, and how good its redshifts are."""
    s3 = boto3.client("s3")

    def read(key: str) -> bytes:
        body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    ranks = json.loads(read("results/combined_data.json"))
    run = f"results/{ranks[0]['run_id']}/"
    for found in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=run).search("Contents[]"):
        print(f"{found['Size']:8,} bytes  {found['Key']}")

    errors = []
    for rank in ranks:
        with np.load(io.BytesIO(read(rank["predictions"]))) as file:
            errors.append(np.abs(file["predicted"] - file["redshift"]))
        print(f"rank {rank['rank']}: {rank['records']} galaxies, {rank['sample_persec']:,.0f} a second")
    print(f"mean error of a redshift: {np.concatenate(errors).mean():.4f}")


if __name__ == "__main__":
    main()

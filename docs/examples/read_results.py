"""List what a run wrote into the team's bucket, and read it.

Against the embedded cloud::

    $ lanes up
    $ lanes run team2 cosmic --world-size 2 && eval "$(lanes env)"
    $ python docs/examples/read_results.py
       2,402 bytes  results/20261130T195321Z-5ed9c9/combined_data.json
       8,410 bytes  results/20261130T195321Z-5ed9c9/predictions/0.npz
       8,405 bytes  results/20261130T195321Z-5ed9c9/predictions/1.npz
       1,288 bytes  results/20261130T195321Z-5ed9c9/ranks/0.json
       1,028 bytes  results/20261130T195321Z-5ed9c9/ranks/1.json
       1,259 bytes  results/20261130T195321Z-5ed9c9/summary.json
    rank 0: 626 galaxies, 375 a second
    rank 1: 624 galaxies, 357 a second
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

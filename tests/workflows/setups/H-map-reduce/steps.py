def make_jobs(event, context):
    return {"detail": {**event["detail"], "jobs": [{"parcel": number} for number in range(5)]}}


def do_job(event, context):
    return {"parcel": event["parcel"]["parcel"], "by": event["courier"]}


def reduce_jobs(event, context):
    done = event["detail"]["jobs"]
    return {"done": len(done), "couriers": sorted({each["by"] for each in done})}

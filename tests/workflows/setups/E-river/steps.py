def prepare(event, context):
    return {"message": f"{len(event['reaches'])} reaches"}

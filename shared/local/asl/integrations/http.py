from shared.local.asl.integrations.base import Integration
class HttpInvoke(Integration):
    def __init__(self):
        super().__init__("http","invoke")

"""The map and the service behind ``dgl-rsis serve`` (docs/server.md).

One process answers requests and reads tiles (:mod:`.application`); one child process holds the
model and computes jobs one after the other (:mod:`.model_process`). Scenes are named when the
server starts or uploaded (:mod:`.scenes`); who may ask is decided in :mod:`.access`.
"""

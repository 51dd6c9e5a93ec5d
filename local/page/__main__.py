"""`python -m local.page`: the live page of the current site."""

import uvicorn

from local.page import PORT
from local.page.server import create
from local.site import Site

site = Site.current()
uvicorn.run(create(site), host=site.page_host, port=PORT, log_level="warning", timeout_graceful_shutdown=1)

"""`python -m services.recommend`: runs the recommend service."""

from __future__ import annotations

from qdrant_client.http.exceptions import ApiException

from services.kit import logs, serve
from services.recommend.content.catalog import Catalog, load_items
from services.recommend.content.collection import UnusableCollection
from services.recommend.content.embedding import Embedder
from services.recommend.endpoints import create
from services.recommend.settings import RecommendSettings


def main() -> None:
    settings = RecommendSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("recommend", settings.pod_name, settings.log_level)
    items = load_items()
    embedder = Embedder(settings.embedding_model_dir)
    try:
        application = create(settings, embedder, Catalog(embedder, items, settings.qdrant_url))
    except (ApiException, UnusableCollection) as error:
        raise SystemExit(f"the catalog is not in Qdrant at {settings.qdrant_url}: {error}") from error
    logs.get(__name__).info("serving", host=settings.host, port=settings.port, items=len(items))
    serve.run(application, settings)


if __name__ == "__main__":
    main()

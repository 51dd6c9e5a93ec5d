"""Tags in the form of the query protocol, and as a dictionary."""

from __future__ import annotations

from local.cloud.service.errors import AwsError

Tags = dict[str, str]
_MOST = 50
_SYMBOLS = "_.:/=+-@"


def from_list(tags: list[dict[str, str]]) -> Tags:
    """From [{"Key": ..., "Value": ...}]."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def as_list(tags: Tags) -> list[dict[str, str]]:
    """To [{"Key": ..., "Value": ...}]."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def check_tags(tags: list[dict[str, str]], others: int = 0) -> None:
    """Raises AwsError for tags that RDS and ElastiCache refuse; the resource has `others` besides.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
    """
    keys = [tag.get("Key", "") for tag in tags]
    if len(keys) + others > _MOST:
        raise AwsError("InvalidParameterValue", f"A resource has at most {_MOST} tags.")
    if len(set(keys)) < len(keys):
        raise AwsError("InvalidParameterValue", "Tag keys must be unique.")
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 1 <= len(key) <= 128 or not len(value) <= 256:
            raise AwsError("InvalidParameterValue", "A tag key has 1 to 128 characters, a tag value at most 256.")
        if key.lower().startswith(("aws:", "rds:")):
            raise AwsError("InvalidParameterValue", f"The tag key {key} has a prefix that is reserved.")
        if not all(character.isalnum() or character.isspace() or character in _SYMBOLS for character in key + value):
            message = f"The tag {key} has characters other than letters, digits, white space and {_SYMBOLS}."
            raise AwsError("InvalidParameterValue", message)

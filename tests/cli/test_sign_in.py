"""What `aura sign-in` asks for before it opens anything."""

from __future__ import annotations

import pytest

from cli.sign_in import print_sign_in


@pytest.mark.parametrize("address", ["bad address", "ann", "@example.com", "ann@", "a@b@c", "ann@example.com "])
def test_what_is_no_address_is_refused_with_one_to_write(address: str) -> None:
    with pytest.raises(SystemExit, match="is no e-mail address: write one such as ann"):
        print_sign_in(address)

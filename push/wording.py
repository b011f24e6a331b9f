"""What a message says, made anew from the facts that it keeps."""

import msgspec

from push.models import Message
from push.notices import Notice, say
from push.rules import Happening, Telling, tell


def telling_of(message: Message) -> Telling | None:
    """A message that is of no application is of a draft or a signature."""
    if message.application_id:
        return tell(msgspec.json.decode(message.facts, type=Happening))
    return say(msgspec.json.decode(message.facts, type=Notice))

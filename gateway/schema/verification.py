"""What do the records say together? The verdict on a household."""

import graphene

from gateway.schema.told import Told


class Verification(graphene.ObjectType):
    """核对结论: what the records say together."""

    category = Told(graphene.String, shows="核对结论.类别", description="核对类别.")

"""Has every thing that can be asked for one name, and one only?"""

import pytest

from casework.resource import Product, UnknownResource, of_column, of_state, resource, resources
from vocabulary.record import ColumnKind, columns_of
from vocabulary.records.civil_affairs import Person
from vocabulary.records.social_security import Insurance
from vocabulary.register import RECORD_TYPES


def test_no_two_things_share_a_name():
    names = [of_column(record, column) for record in RECORD_TYPES for column in columns_of(record)]
    names += [of_state(record) for record in RECORD_TYPES] + [product.term for product in Product]
    assert len(names) == len(set(names))
    assert set(names) == set(resources())


def test_a_name_leads_back_to_record_and_column():
    found = resource("社会保险缴费.缴费基数")
    assert (found.record, found.column) == (Insurance, "base_fen")


def test_what_is_not_registered_is_unknown():
    with pytest.raises(UnknownResource):
        resource("社会保险缴费.工资")


def test_only_text_and_numbers_of_persons_can_be_masked():
    assert resource(of_column(Person, "person")).maskable
    assert resource(of_column(Person, "name")).maskable
    amounts = [
        of_column(record, name)
        for record in RECORD_TYPES
        for name, column in columns_of(record).items()
        if column.kind is ColumnKind.FEN
    ]
    assert amounts
    assert not any(resource(name).maskable for name in amounts)


def test_products_have_english_keys_that_do_not_collide():
    assert len({product.value for product in Product}) == len(Product)

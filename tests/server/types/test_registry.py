"""Types are found by name and version; the listing is complete and its tag names its contents."""

import pytest

from server.types import ComponentType, TypeRegistry


@pytest.fixture(scope="module")
def types() -> TypeRegistry:
    return TypeRegistry.load()


def test_core_types_are_known(types: TypeRegistry) -> None:
    names = {each.type for each in types if each.pack == "core"}
    assert names == {
        "Container", "Card", "Form", "Tabs", "Modal", "Heading", "Text", "Image", "Badge", "Alert",
        "Stat", "Divider", "Button", "Link", "TextInput", "TextArea", "NumberInput", "Select",
        "RadioGroup", "Checkbox", "CheckboxGroup", "Switch", "DatePicker", "FileUpload", "Table",
        "List", "Chart",
    }  # fmt: skip


@pytest.mark.parametrize(
    "type, version",
    [("Button", 2), ("Nothing", 1), ("Button", True), ("Button", 1.0), ("Button", "1"), (None, 1)],
)
def test_what_is_not_a_known_version_is_none(
    types: TypeRegistry, type: object, version: object
) -> None:
    assert types.get(type, version) is None


def test_slots_say_whom_they_take(types: TypeRegistry) -> None:
    card = types.get("Card", 1)
    assert card is not None
    assert card.slots["content"].takes("Table")
    assert card.slots["footer"].takes("Button")
    assert not card.slots["footer"].takes("Table")
    button = types.get("Button", 1)
    assert button is not None
    assert not button.slots


def test_listing_holds_what_the_designer_needs(types: TypeRegistry) -> None:
    listing = types.to_api()
    button = next(each for each in listing["types"] if each["type"] == "Button")
    assert button["version"] == 1
    assert button["defaults"]["props"]["label"] == "Button"
    assert button["events"] == ["onClick"]
    assert button["schema"]["properties"]["props"]["properties"]["label"]["type"] == "string"
    assert list(listing["shared"]) == ["https://coweave.dev/schemas/expression.schema.json"]


def test_etag_names_the_contents(types: TypeRegistry) -> None:
    assert TypeRegistry.load().etag == types.etag
    assert TypeRegistry(list(types)[:-1]).etag != types.etag


def test_one_version_has_one_declaration(types: TypeRegistry) -> None:
    first: ComponentType = next(iter(types))
    with pytest.raises(ValueError, match="two packs declare Container version 1"):
        TypeRegistry([first, first])


def test_a_slot_may_stand_for_every_name() -> None:
    schema = {
        "x-coweave": {
            "title": "T", "category": "Layout", "icon": "", "events": [], "defaults": {},
            "slots": {"head": {"title": "Head", "accepts": ["Text"]}, "*": {"title": "Tab", "accepts": ["*"]}},
        }
    }  # fmt: skip
    tabs = ComponentType.from_schema("T", 1, "test", schema)
    head, any_tab = tabs.slot("head"), tabs.slot("tab7")
    assert head is not None and not head.takes("Table")
    assert any_tab is not None and any_tab.takes("Table")
    assert tabs.slot(7) is None

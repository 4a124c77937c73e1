"""A small codebase to ask about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FILES: Final = {
    "shop/__init__.py": '''
        """A shop."""
        from shop.orders import Order
        from shop.pricing import total
    ''',
    "shop/base.py": """
        class Base:
            def save(self):
                self.validate()

            def validate(self):
                pass
    """,
    "shop/orders.py": '''
        import json

        from shop.base import Base
        from shop.pricing import total


        class Order(Base):
            """What somebody has bought."""

            def __init__(self, goods):
                self.goods = list(goods)
                self.price = total(self.goods)

            def validate(self):
                json.dumps(self.goods)

            def pay(self):
                """Take the money and keep the order."""
                self.save()


        class GiftOrder(Order):
            def pay(self):
                super().pay()


        class SmallGift(GiftOrder):
            pass
    ''',
    "shop/pricing.py": '''
        RATE = 0.19


        def total(goods):
            """What all goods cost together, with taxes."""
            return round_up(sum(goods) * (1 + RATE))


        def round_up(amount):
            return int(amount + 0.5)
    ''',
    "shop/reports.py": """
        from shop import Order


        def total(rows):
            return len(rows)


        def main():
            order = Order([1])
            order.pay()
            print(total([order]))


        main()
    """,
    "docs/guide.md": """
        # Paying

        An order is paid by `Order.pay`, which takes the money.

        # Prices

        Taxes are added by `round_up`.
    """,
}


def write(root: Path) -> Path:
    """Write the codebase below a folder, and return it."""
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_dedented(text), "utf-8")
    return root


def _dedented(text: str) -> str:
    lines = [line[8:] for line in text.split("\n")]
    return "\n".join(lines).strip("\n") + "\n"

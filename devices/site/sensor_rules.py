"""What can be asked of a sensor's quantity, and what a sensor is judged by itself: silence, battery, signal.

Limits are in the quantity's own unit (`devices.sensors.quantities`), or in the `unit` that the rule states;
`devices.site.rule_units` converts them. Each kind has its own clear condition; see docs/design/rules.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NaiveDatetime, ValidationInfo, field_validator, model_validator

from devices.errors import PayloadError
from devices.messages import Identifier, Severity
from devices.sensors.quantities import QUANTITIES, normalise
from devices.site.holidays import CalendarSchedule
from devices.site.part import Hold, Limit, Part, Seconds
from devices.site.rules import EASING, Share

Span = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A difference of two values."""
RELATED = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._:-]{0,63})?$"
HEALTH = "health."
"""Begins the id of every rule about a sensor itself."""
SILENT_PERIODS = 2.5
"""So many periods without a word are silence: one lost message is not, two are."""


class SensorRule(Part):
    """What all rules of a sensor have."""

    LIMITS: ClassVar[tuple[str, ...]] = ()
    """Fields that hold a value of the quantity."""
    SPANS: ClassVar[tuple[str, ...]] = ()
    """Fields that hold a difference of two values."""

    kind: str
    id: Identifier
    event_class: str
    quantity: str
    unit: str | None = None
    """In which the limits are written; the quantity's own unless given."""
    schedule: CalendarSchedule = ()
    """When it holds; none: always. Outside these hours nothing opens; what is open may clear."""
    quiet: CalendarSchedule = ()
    """Opens quietly then: with low severity, which becomes the rule's own when these hours end. What is
    critical is never quiet."""
    inhibited_by: tuple[Annotated[str, Field(pattern=RELATED)], ...] = ()
    """While one of these rules of the same node has a case, nothing opens: `rule` of the same sensor, or
    `sensor/rule`."""
    latch: bool = False
    """Stays open until it is reset, once the value is back."""

    @field_validator("id")
    @classmethod
    def _not_of_the_sensors_health(cls, name: str) -> str:
        if name.startswith(HEALTH):
            raise ValueError(f"is kept for what is wrong with the sensor itself; begin it without {HEALTH!r}")
        return name

    @field_validator("unit")
    @classmethod
    def _measures_the_quantity(cls, unit: str | None, info: ValidationInfo) -> str | None:
        name = info.data.get("quantity")
        if unit is None or name is None:
            return unit
        if name not in QUANTITIES:
            raise ValueError(f"cannot be converted, nobody knows the unit of {name!r}; leave `unit` out")
        try:
            normalise(name, 0.0, unit)
        except PayloadError as error:
            own = QUANTITIES[name].unit
            raise ValueError(f"does not measure {name}; write it in {own!r}, or leave `unit` out") from error
        return unit


class Limits(Part):
    """One limit, and where the value is back: the two sides of a hysteresis."""

    above: Limit | None = None
    below: Limit | None = None
    clear: Limit
    """The other side of the hysteresis: under `above`, or over `below`."""

    @model_validator(mode="after")
    def _one_limit_and_a_way_back(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("needs exactly one of `above` and `below`; keep one of them")
        if self.above is not None and self.clear >= self.above:
            raise ValueError("never clears steadily; set `clear` under `above`")
        if self.below is not None and self.clear <= self.below:
            raise ValueError("never clears steadily; set `clear` over `below`")
        return self

    @property
    def limit(self) -> float:
        """The value that opens a case."""
        value = self.above if self.above is not None else self.below
        assert value is not None
        return value

    def past(self, value: float) -> bool:
        """Whether `value` is past the limit."""
        return value > self.above if self.above is not None else value < self.limit

    def back(self, value: float) -> bool:
        """Whether `value` is back past `clear`."""
        return value <= self.clear if self.above is not None else value >= self.clear


class ThresholdRule(Limits, SensorRule):
    """A quantity passes `above` (or falls under `below`), and is over when it is back past `clear`."""

    LIMITS = ("above", "below", "clear")

    kind: Literal["threshold"]
    hold: Hold = 0.0
    """Seconds the value must stay past the limit before the condition opens."""
    clear_hold: Hold = 0.0
    """Seconds the value must stay past `clear` before the condition is cleared."""
    severity: Severity = Severity.MEDIUM


class Rung(Limits):
    """One of several limits, and how bad it is to be past it."""

    severity: Severity


class LevelsRule(SensorRule):
    """Several limits, the mildest first, that raise and lower the severity of one condition."""

    kind: Literal["levels"]
    levels: tuple[Rung, ...] = Field(min_length=2, max_length=8)
    hold: Hold = 0.0
    clear_hold: Hold = 0.0

    @property
    def severity(self) -> Severity:
        """Of the mildest level."""
        return self.levels[0].severity

    @model_validator(mode="after")
    def _worse_and_worse(self) -> Self:
        order = list(Severity)
        for low, high in zip(self.levels, self.levels[1:], strict=False):
            if (low.above is None) != (high.above is None):
                raise ValueError("has levels of both kinds; give all of them `above`, or all `below`")
            up = high.limit - low.limit if low.above is not None else low.limit - high.limit
            if up <= 0 or order.index(high.severity) >= order.index(low.severity):
                raise ValueError("has levels out of order; list them from the mildest limit to the worst")
        return self


class RateRule(SensorRule):
    """The value `rises` (or `falls`) by more than so much `within` a time.

    It is over when it has changed by no more than `clear` within that time.
    """

    SPANS = ("rises", "falls", "clear")

    kind: Literal["rate"]
    rises: Span | None = None
    falls: Span | None = None
    within: Seconds
    clear: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Half the limit unless given."""
    hold: Hold = 0.0
    clear_hold: Hold = 0.0
    severity: Severity = Severity.MEDIUM

    @property
    def limit(self) -> float:
        """The change that opens a case."""
        value = self.rises if self.rises is not None else self.falls
        assert value is not None
        return value

    @property
    def least(self) -> float:
        """The change that is none any more."""
        return self.limit / 2 if self.clear is None else self.clear

    @model_validator(mode="after")
    def _one_way_and_a_way_back(self) -> Self:
        if (self.rises is None) == (self.falls is None):
            raise ValueError("needs exactly one of `rises` and `falls`; keep one of them")
        if self.least >= self.limit:
            raise ValueError("never clears steadily; set `clear` under what opens it")
        return self


class StateRule(SensorRule):
    """The value `equals` something for `hold`; over when it is anything else for `clear_hold`.

    For devices that report when they change: between two readings the last value goes on.
    """

    kind: Literal["state"]
    equals: Limit
    hold: Hold = 0.0
    clear_hold: Hold = 0.0
    severity: Severity = Severity.MEDIUM


class CountRule(SensorRule):
    """The value became `equals` (or passed `above`, or fell under `below`) `count` times `within` a time.

    It is over when that happened fewer than `clear_count` times within such a time.
    """

    LIMITS = ("equals", "above", "below")

    kind: Literal["count"]
    equals: Limit | None = None
    above: Limit | None = None
    below: Limit | None = None
    count: int = Field(ge=1, le=1000)
    clear_count: int | None = Field(default=None, ge=1)
    within: Seconds
    each: bool = False
    """Every such reading counts, not only the one with which it begins: for devices that say no end."""
    clear_hold: Hold = 0.0
    severity: Severity = Severity.MEDIUM

    @property
    def least(self) -> int:
        """With fewer, it is over."""
        return self.clear_count or max(1, round(EASING * self.count))

    def counts(self, value: float) -> bool:
        """Whether it is so at this value."""
        if self.equals is not None:
            return value == self.equals
        return value > self.above if self.above is not None else self.below is not None and value < self.below

    @model_validator(mode="after")
    def _one_thing_to_count(self) -> Self:
        if sum(one is not None for one in (self.equals, self.above, self.below)) != 1:
            raise ValueError("needs exactly one of `equals`, `above` and `below`; keep one of them")
        if self.clear_count is not None and self.clear_count > self.count:
            raise ValueError("never clears steadily; set `clear_count` to at most `count`")
        return self


class WindowRule(Limits, SensorRule):
    """The mean, the largest or smallest value, or the growth of a counter `within` a time passes a limit."""

    LIMITS = ("above", "below", "clear")

    kind: Literal["window"]
    of: Literal["mean", "max", "min", "growth"]
    """`growth`: of a counter that only rises; that it began anew, or wrapped, is no fall."""
    within: Seconds
    full: Share | None = None
    """The readings must span this part of the time before it opens; half of it for a mean unless given."""
    wraps_at: Span | None = None
    """Of a counter: the value at which it begins at 0 again; none: a fall is a device that started anew."""
    hold: Hold = 0.0
    clear_hold: Hold = 0.0
    severity: Severity = Severity.MEDIUM

    @property
    def span(self) -> float:
        """Seconds that the readings must span before it opens."""
        share = self.full if self.full is not None else 0.5 if self.of == "mean" else 0.0
        return share * self.within

    @model_validator(mode="after")
    def _only_counters_wrap(self) -> Self:
        if self.wraps_at is not None and self.of != "growth":
            raise ValueError("`wraps_at` is for counters; write `of: growth` or take it out")
        return self


class StuckRule(SensorRule):
    """The value moved by no more than `by` for `hold`: the probe is frozen, or nobody measures. Over when it
    moves.
    """

    SPANS = ("by",)

    kind: Literal["stuck"]
    by: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    hold: Seconds
    severity: Severity = Severity.LOW


QuantityRule = Annotated[
    ThresholdRule | LevelsRule | RateRule | StateRule | CountRule | WindowRule | StuckRule,
    Field(discriminator="kind"),
]
"""What can be asked of a sensor's quantity."""
AnyRule = ThresholdRule | LevelsRule | RateRule | StateRule | CountRule | WindowRule | StuckRule


class SensorHealthKind(StrEnum):
    """What can be wrong with a sensor itself: work for who maintains it, never an alarm of the street."""

    SILENT = "silent"
    BATTERY = "battery"
    SIGNAL = "signal"


SENSOR_CLASSES = {
    SensorHealthKind.SILENT: "90-03",
    SensorHealthKind.BATTERY: "90-04",
    SensorHealthKind.SIGNAL: "90-06",
}
"""Codes of the event classes of a sensor's own health, unless the site says otherwise."""


class SilenceRule(SensorRule):
    """A sensor says nothing for `after`; over with its next word. Made of its `period`, never written."""

    kind: Literal["silence"] = "silence"
    after: Seconds
    severity: Severity = Severity.LOW


class SensorHealth(Part):
    """How a sensor itself is judged."""

    off: tuple[SensorHealthKind, ...] = ()
    """Kinds that are not judged."""
    event_classes: dict[SensorHealthKind, str] = Field(default_factory=dict)
    """Kind -> code, where it differs from the site's `sensor_classes`."""
    severity: Severity = Severity.LOW
    silent_after: Seconds | None = None
    """Without a word for so long; 2.5 times its period unless given."""
    battery: Annotated[float, Field(ge=0, lt=100)] = 20.0
    """Percent under which it is low."""
    battery_clear: Annotated[float, Field(gt=0, le=100)] = 25.0
    signal: Limit = -115.0
    """dBm under which it is poor."""
    signal_clear: Limit = -110.0

    @model_validator(mode="after")
    def _clears_over_what_opens(self) -> Self:
        for name in ("battery", "signal"):
            if getattr(self, f"{name}_clear") <= getattr(self, name):
                raise ValueError(f"never clears steadily; set `{name}_clear` over `{name}`")
        return self


class Works(Part):
    """Somebody works on it: nothing opens meanwhile. Times by the site's clock."""

    begins: NaiveDatetime
    ends: NaiveDatetime

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("ends before it begins; set `ends` after `begins`")
        return self

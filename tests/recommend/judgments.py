"""Situations, and what a person who knows the catalogue would offer in them: judged by hand, not by the ranking."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.preferences import NONE, Preferences
from contracts.records import Evidence
from services.recommend.selection.criteria import Wish, wishes
from services.recommend.selection.severity import need_of, query

BASELINE = 62.0
CALM, CRISIS, PANIC = BASELINE + 8, BASELINE + 22, BASELINE + 40
NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Judged:
    """`best` are the titles worth 2, `good` those worth 1; anything else is worth nothing here."""

    name: str
    heart_rate: float
    best: str
    good: str = ""
    rmssd: float = 40.0
    hour: int | None = None
    going_on: bool = False
    likes: Preferences = NONE
    heard: frozenset[int] = field(default_factory=frozenset)

    @property
    def text(self) -> str:
        given = [NOW - 600] if self.going_on else []
        return query(need_of(self._evidence), self._evidence, given, NOW, self.hour, self.likes)

    @property
    def wish(self) -> Wish:
        return next(wishes(need_of(self._evidence), self.likes, "en", self.heard))

    def worth(self, title: str) -> int:
        return 2 if title in self.best.split("|") else int(title in self.good.split("|"))

    @property
    def _evidence(self) -> Evidence:
        return Evidence(self.heart_rate, BASELINE, self.rmssd, 45, 1, 9, 5, "gate", "1")


def language(code: str) -> Preferences:
    return Preferences(language=code)


def kinds(*names: str) -> Preferences:
    return Preferences(kinds=list(names))


_PANIC = "Riding out a panic wave|Long exhale|You are safe right now|Five things you can see"
_PANIC_TOO = "Cold water and slow breath|Three minute breathing space|Box breathing|Emergency brake|Steady ground"
_CRISIS = "Three minute breathing space|Emergency brake|Steady ground|Box breathing"
_CRISIS_TOO = (
    "Riding out a panic wave|Long exhale|Cold water and slow breath|Count down from ten|Name it to tame it|"
    "You are safe right now|Five things you can see|Humming breath|Before a difficult talk|When work is too much"
)
_CALM = (
    "Soft belly|Progressive muscle relaxation|Body scan for tense days|Evening unwinding|Release the shoulders|"
    "Warm light"
)
_CALM_TOO = (
    "Leaves on a stream|Slow tide|Coherent breathing|Safe place|Loving kindness for hard moments|Mountain|"
    "Humming breath"
)
_PANIK = "Die Welle vorbeiziehen lassen|Langes Ausatmen|Du bist jetzt sicher|Fünf Dinge, die du siehst"
_PANIK_AUCH = "Kaltes Wasser, langsamer Atem|Drei Minuten Atemraum|Box-Atmung|Notbremse|Fester Boden"
_KRISE = "Drei Minuten Atemraum|Notbremse|Fester Boden|Box-Atmung"
_KRISE_AUCH = (
    "Kaltes Wasser, langsamer Atem|Langes Ausatmen|Die Welle vorbeiziehen lassen|Du bist jetzt sicher|"
    "Fünf Dinge, die du siehst|Wenn die Arbeit zu viel wird|Nach einem Streit"
)
_RUHE = "Sanfter Bauch|Schultern loslassen|Bodyscan für angespannte Tage|Abendruhe"
_RUHE_AUCH = "Blätter auf dem Fluss|Sicherer Ort|Drei Minuten Atemraum|Langes Ausatmen"
_PANICO = "Exhalación larga|Estás a salvo|Cinco cosas que ves"
_CRISIS_ES = "Freno de emergencia|Suelo firme"
_CALMA = "Soltar los hombros|Vientre blando"
_NIGHT = "Evening unwinding|Back to sleep"

JUDGED = [
    Judged("panic", PANIC, _PANIC, _PANIC_TOO),
    Judged("panic, tense", PANIC, _PANIC, _PANIC_TOO, rmssd=15),
    Judged("panic, going on", PANIC, _PANIC, _PANIC_TOO, going_on=True),
    Judged("panic at night", PANIC, _PANIC, _PANIC_TOO, hour=3),
    Judged(
        "panic, likes breathing", PANIC, "Long exhale", f"{_PANIC}|Box breathing|{_PANIC_TOO}", likes=kinds("breathing")
    ),
    Judged(
        "panic, likes grounding",
        PANIC,
        "Five things you can see|Cold water and slow breath",
        f"{_PANIC}|Steady ground",
        likes=kinds("grounding"),
    ),
    Judged("panic, best heard", PANIC, _PANIC, _PANIC_TOO, heard=frozenset({4, 2})),
    Judged(
        "panic, three minutes",
        PANIC,
        "Long exhale|You are safe right now|Cold water and slow breath",
        "Three minute breathing space",
        likes=Preferences(longest_minutes=3),
    ),
    Judged("crisis", CRISIS, _CRISIS, _CRISIS_TOO),
    Judged("crisis, tense", CRISIS, _CRISIS, f"{_CRISIS_TOO}|Release the shoulders", rmssd=15),
    Judged("crisis, going on", CRISIS, _CRISIS, _CRISIS_TOO, going_on=True),
    Judged("crisis, likes guided", CRISIS, f"Name it to tame it|{_CRISIS}", _CRISIS_TOO, likes=kinds("guided")),
    Judged("crisis, likes grounding", CRISIS, "Steady ground", f"{_CRISIS}|{_CRISIS_TOO}", likes=kinds("grounding")),
    Judged("crisis, best heard", CRISIS, _CRISIS, _CRISIS_TOO, heard=frozenset({8, 10})),
    Judged("calming", CALM, _CALM, _CALM_TOO),
    Judged(
        "calming, tense",
        CALM,
        "Body scan for tense days|Progressive muscle relaxation|Release the shoulders",
        _CALM,
        rmssd=15,
    ),
    Judged("calming at night", CALM, f"{_NIGHT}|Body scan for tense days|Soft belly", f"{_CALM}|{_CALM_TOO}", hour=2),
    Judged(
        "calming, likes imagery",
        CALM,
        "Warm light|Slow tide|Safe place|Mountain",
        f"{_CALM}|{_CALM_TOO}",
        likes=kinds("imagery"),
    ),
    Judged(
        "calming, likes breathing",
        CALM,
        "Coherent breathing|Humming breath",
        f"{_CALM}|{_CALM_TOO}|Long exhale|Box breathing",
        likes=kinds("breathing"),
    ),
    Judged(
        "calming, likes body", CALM, "Progressive muscle relaxation|Release the shoulders", _CALM, likes=kinds("body")
    ),
    Judged(
        "calming, ten minutes",
        CALM,
        "Soft belly|Release the shoulders|Warm light",
        _CALM_TOO,
        likes=Preferences(longest_minutes=10),
    ),
    Judged("Panik", PANIC, _PANIK, _PANIK_AUCH, likes=language("de")),
    Judged("Panik, hält an", PANIC, _PANIK, _PANIK_AUCH, going_on=True, likes=language("de")),
    Judged("Krise", CRISIS, _KRISE, _KRISE_AUCH, likes=language("de")),
    Judged("Krise, angespannt", CRISIS, _KRISE, f"{_KRISE_AUCH}|Schultern loslassen", rmssd=15, likes=language("de")),
    Judged("Ruhe", CALM, _RUHE, _RUHE_AUCH, likes=language("de")),
    Judged(
        "Ruhe, angespannt",
        CALM,
        "Schultern loslassen|Bodyscan für angespannte Tage",
        _RUHE,
        rmssd=15,
        likes=language("de"),
    ),
    Judged(
        "Ruhe, nachts",
        CALM,
        "Wieder einschlafen|Abendruhe|Sanfter Bauch",
        f"{_RUHE}|{_RUHE_AUCH}",
        hour=3,
        likes=language("de"),
    ),
    Judged("pánico", PANIC, _PANICO, f"{_CRISIS_ES}", likes=language("es")),
    Judged("crisis (es)", CRISIS, _CRISIS_ES, _PANICO, likes=language("es")),
    Judged("calma", CALM, _CALMA, "Exhalación larga", likes=language("es")),
]

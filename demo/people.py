"""Who lives in the demo district? Id numbers, names and employers that belong to nobody.

Id numbers carry the unassigned prefixes 529901 and 529902 and pass GB 11643. Every given
name has 演 or 示 (演示: demonstration) in it, so that no reader takes a person for a real one.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from stdnum.cn import ric, uscc

from vocabulary.codes import Sex
from vocabulary.creditcode import CreditCode
from vocabulary.idnumber import WrittenId

HOME, ELSEWHERE = "529901", "529902"
"""The demo district, and its neighbour."""

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
MALE = "伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林洋阳建国安民志诚"
FEMALE = "芳娜敏静丽艳娟霞秀英玲桂兰梅红燕雪琳晶欢颖倩婷慧莹洁云莲真环荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞"
MARKS = "演示"

MILESTONES = (16, 18, 60, 70)
"""Ages at which the law looks again (rule LIF-03)."""

MILESTONE_DAYS = 62
"""Nobody ordinary reaches such an age within so many days; those who do are planted."""


class Registrar:
    """Hands out people, each id number once; the same seed gives the same people in the same order."""

    def __init__(self, rng: Random, *, on: date, taken: frozenset[str] = frozenset()) -> None:
        """Take the source of chance, the day on which ages are meant, and id numbers that are in use."""
        self._rng = rng
        self._on = on
        self._taken = set(taken)

    def birth(self, age: int) -> date:
        """A birth date with which one is `age` years old on the day, away from the milestones."""
        return self.birth_between(_birthday(self._on, -age - 1) + timedelta(1), _birthday(self._on, -age))

    def birth_between(self, first: date, last: date) -> date:
        """A birth date from `first` to `last`, away from the milestones where the span allows it."""
        span = (last - first).days
        for _ in range(50):
            born = first + timedelta(self._rng.randrange(span + 1))
            if not _reaches_a_milestone(born, self._on):
                break
        return born

    def id_number(self, born: date, sex: Sex, *, prefix: str = HOME) -> WrittenId:
        """An unused id number for a person of this birth and sex."""
        while True:
            order = self._rng.randrange(0, 999, 2) + (1 if sex is Sex.MALE else 0)
            body = f"{prefix}{born:%Y%m%d}{order:03d}"
            number = body + ric.calc_check_digit(body + "0")
            if number not in self._taken:
                self._taken.add(number)
                return WrittenId(number)

    def surname(self) -> str:
        """A surname."""
        return self._rng.choice(SURNAMES)

    def name(self, surname: str, sex: Sex) -> str:
        """A full name: surname, 演 or 示, and one character."""
        return surname + self._rng.choice(MARKS) + self._rng.choice(MALE if sex is Sex.MALE else FEMALE)


def employers(rng: Random, count: int) -> tuple[CreditCode, ...]:
    """So many employers' credit codes, GB 32100, all in the demo district."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    bodies = [f"91{HOME}MA" + "".join(rng.choices(alphabet, k=7)) for _ in range(count)]
    return tuple(CreditCode(body + uscc.calc_check_digit(body)) for body in bodies)


def age_on(born: date, day: date) -> int:
    """Full years of age on a day; who was born on 29 February comes of age on 1 March in a common year.

    >>> age_on(date(2008, 2, 29), date(2026, 2, 28)), age_on(date(2008, 2, 29), date(2026, 3, 1))
    (17, 18)
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _birthday(day: date, years: int) -> date:
    """The day so many years away; 28 February stands in for 29."""
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)


def _reaches_a_milestone(born: date, on: date) -> bool:
    near = age_on(born, on + timedelta(MILESTONE_DAYS))
    return near in MILESTONES and near != age_on(born, on - timedelta(MILESTONE_DAYS))

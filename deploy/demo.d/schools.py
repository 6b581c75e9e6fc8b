#!/usr/bin/env python3
"""Make the demo's schools: about 200 of every kind over the five places, the same ones each time.

    schools.py > schools.csv

No real school is meant. A nine-year school teaches two stages: two rows, one institution, one key files for both. The plans
lie years apart and one calendar serves all, so each place's schools exist for the last year of its own plan and owe
nothing in another's.
"""
import csv
import random
import sys

SEED = 20261121

# district, zh, en, its plan's last year, rows a kind
PLACES = [
    (220203, "龙潭区", "Longtan", 2025, dict(kindergarten=16, primary=22, junior=8, senior=3, vocational=2, special=1)),
    (220200, "吉林市直", "Jilin City", 2016, dict(kindergarten=8, primary=12, junior=8, senior=6, vocational=4, special=1)),
    (341881, "宁国市", "Ningguo", 2020, dict(kindergarten=8, primary=12, junior=6, senior=2, vocational=1, special=1)),
    (410482, "汝州市", "Ruzhou", 2020, dict(kindergarten=8, primary=14, junior=7, senior=3, vocational=1, special=1)),
    (619900, "XX县", "XX County", 2023, dict(kindergarten=8, primary=14, junior=6, senior=2, vocational=1, special=1)),
]

# institutions a place that teach primary and junior under one roof
NINE_YEAR = {220203: 3, 220200: 1, 341881: 1, 410482: 1, 619900: 1}

WORDS = [
    ("晨光", "Chenguang"), ("育英", "Yuying"), ("春晖", "Chunhui"), ("启明", "Qiming"), ("江畔", "Jiangpan"), ("青松", "Qingsong"),
    ("白桦", "Baihua"), ("金穗", "Jinsui"), ("朝阳", "Chaoyang"), ("望湖", "Wanghu"), ("丰收", "Fengshou"), ("向阳", "Xiangyang"),
    ("长青", "Changqing"), ("新月", "Xinyue"), ("东岭", "Dongling"), ("南坡", "Nanpo"), ("西桥", "Xiqiao"), ("北塘", "Beitang"),
    ("百花", "Baihua Yuan"), ("雨露", "Yulu"), ("蓝天", "Lantian"), ("松花", "Songhua"), ("梧桐", "Wutong"), ("清泉", "Qingquan"),
    ("明德", "Mingde"), ("求实", "Qiushi"), ("笃学", "Duxue"), ("博雅", "Boya"), ("致远", "Zhiyuan"), ("弘毅", "Hongyi"),
]

KINDS = {
    "kindergarten": ("幼儿园", "Kindergarten"),
    "primary": ("小学", "Primary School"),
    "junior": ("初级中学", "Junior Middle School"),
    "senior": ("高级中学", "Senior Middle School"),
    "vocational": ("职业学校", "Vocational School"),
    "special": ("特殊教育学校", "Special School"),
}
STAGE_OF_NINE_YEAR = {"primary": ("学校(小学部)", "School, Primary Section"), "junior": ("学校(初中部)", "School, Junior Section")}

COLUMNS = ["code", "institution", "kind", "name_zh", "name_en", "district", "opened_on", "closed_on"]


def rows():
    dice = random.Random(SEED)
    for district, zh, en, year, counts in PLACES:
        words = WORDS[:]
        dice.shuffle(words)
        number = 0

        def row(code, institution, kind, name_zh, name_en):
            return [code, institution, kind, name_zh, name_en, district, f"{year}-01-01", f"{year}-12-31"]

        bureau = f"0{district}000"
        yield row(bureau, bureau, "district", f"{zh}教育局", f"{en} Education Bureau")
        for kind, count in counts.items():
            for _ in range(count):
                word_zh, word_en = words[number % len(words)]
                again = number // len(words) + 1
                number += 1
                code = f"0{district}{number:03d}"
                suffix = "" if again == 1 else "第" + "零一二三四五"[again]
                tail = "" if again == 1 else f" No. {again}"
                name_zh, name_en = KINDS[kind]
                yield row(code, code, kind, f"{zh}{word_zh}{suffix}{name_zh}", f"{en} {word_en}{tail} {name_en}")
        for twin in range(NINE_YEAR[district]):
            word_zh, word_en = words[(number + twin) % len(words)]
            institution = f"0{district}9{twin + 1:02d}"
            for stage, (name_zh, name_en) in STAGE_OF_NINE_YEAR.items():
                yield row(f"{institution}{stage[0].upper()}", institution, stage,
                          f"{zh}{word_zh}九年一贯制{name_zh}", f"{en} {word_en} Nine-Year {name_en}")


def main():
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    out.writerows(rows())


if __name__ == "__main__":
    main()

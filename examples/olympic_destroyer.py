"""Who disrupted the opening of the Winter Games of 2018? Traces were planted; a case and a model in Python alone."""

# ruff: noqa: E501  (tables read better in one line)

import attribution as at

YES_NO = ["yes", "no"]
PAGES = {
    "axios": ("https://www.axios.com/2018/03/08/olympic-destroyer", "Olympic Destroyer malware a false flag operation"),
    "wire": (
        "https://www.businesswire.com/news/home/20180308005167/en/Olympic-False-Flag-Infamous-OlympicDestroyer-Malware-Designed",
        "The Olympic False Flag: Infamous OlympicDestroyer Malware",
    ),
    "dark": (
        "https://www.darkreading.com/attacks-breaches/olympic-destroyers-false-flag-changes-the-game/d/d-id/1331222",
        "Olympic Destroyer's 'False Flag' Changes the Game",
    ),
    "talos": ("https://julien.io/qui-est-responsable-de-la-cyberattaque-lors-des-jo", "A relay of Talos's findings"),
    "tass": ("https://tass.com/politics/988952", "Western media plan to accuse Russia of hacking Olympic media resources"),
    "post": (
        "https://giga.law/daily-news/2018/2/25/russian-military-spies-blamed-for-hacking-computers-at-olympics",
        "Russian Military Spies Blamed for Hacking Computers at Olympics",
    ),
    "newser": ("https://img2-cdn.newser.com/story/255823/russian-spies-hacked-olympics-officials.html", "Russia Behind Olympics Cyberattack: Officials"),
    "moscow": ("https://www.themoscowtimes.com/2018/02/08/russia-launches-pre-emptive-strike-olympics-info-war-a60434", "Russia Launches Pre-Emptive Strike in Olympics 'Info War'"),
    "june": ("https://thecyberwire.com/newsletters/daily-briefing/7/118", "Olympic Destroyer is apparently back"),
    "wired": ("https://www.wired.com/story/untold-story-2018-olympics-destroyer-cyberattack/", "The Untold Story of the 2018 Olympics Cyberattack"),
    "justice": (
        "https://www.usatoday.com/story/news/politics/2020/10/19/6-russian-intel-officers-charged-hacking-winter-olympics-targeted/3713295001/",
        "6 Russian intelligence officers charged",
    ),
    "london": (
        "https://www.gov.uk/government/news/uk-exposes-series-of-russian-cyber-attacks-against-olympic-and-paralympic-games",
        "UK exposes series of Russian cyber attacks against Olympic and Paralympic Games",
    ),
    "embassy": ("https://cm.asiae.co.kr/en/article/2020102019091666922", "Never Launched Cyber Attacks"),
}  # fmt: skip


def item(id: str, title: str, says: dict[str, str], source: str, grade: str, day: str, page: str) -> dict[str, object]:
    """An item; what has no grade of its own has that of its origin, named like its page."""
    url, name = PAGES[page]
    return {
        "id": id,
        "kind": "act" if grade == "A1" else "report",
        "title": title,
        "says": says,
        "source": source,
        **({"grade": grade} if grade else {"origin": page}),
        "published": day,
        "citation": {"url": url, "title": name, "read": "excerpt"},
    }


def source(name: str, kind: str, letter: str, interest: str = "none", part_of: str = "") -> dict[str, str]:
    return {"name": name, "kind": kind, "reliability": letter, "interest": interest} | (
        {"part_of": part_of} if part_of else {}
    )


CASE = {
    "format": "attribution-case/1",
    "id": "olympic-destroyer",
    "title": "The malware at the opening of the Winter Games in Pyeongchang",
    "question": "Who planned and ordered the attack?",
    "incident": {"date": "2018-02-09", "place": "Pyeongchang", "country": "South Korea"},
    "factions": {
        "russian-state": {
            "title": "Russian military intelligence",
            "members": {"unit-74455": {"title": "GRU unit 74455"}, "unit-26165": {"title": "GRU unit 26165"}},
        },
        "lazarus": {"title": "Lazarus, North Korea"},
        "chinese-group": {"title": "A Chinese group"},
        "other": {"title": "Anyone else"},
    },
    "sources": {
        "kaspersky": source("Kaspersky Lab", "expert", "B", "unknown"),
        "talos": source("Cisco Talos", "expert", "B"),
        "fireeye": source("An analyst of FireEye", "expert", "B"),
        "first-days": source("Research teams in the first days", "expert", "D"),
        "moscow": source("Russian Foreign Ministry", "government", "C", "russian-state", "russian-government"),
        "embassy": source("Russian Embassy in Washington", "government", "C", "russian-state", "russian-government"),
        "us-officials": source("Two US officials, unnamed", "anonymous", "C", "unknown", "us-government"),
        "us-justice": source("US Department of Justice", "government", "B", "unknown", "us-government"),
        "uk": source("United Kingdom, with its NCSC", "government", "B", "unknown"),
        "leak-site": source("A hacking group that leaks sports officials' mail", "other", "F", "unknown"),
        "seoul": source("Organisers and officials in South Korea", "government", "B"),
    },
    "facts": {
        "wiper-alike": {"question": "Is the part that erases data like that of Lazarus?", "states": YES_NO},
        "header-forged": {"question": "Was a header of Lazarus copied onto it?", "states": YES_NO},
        "long-password": {"question": "Does it use passwords as long as those of Lazarus?", "states": YES_NO},
        "chinese-code": {"question": "Does it hold code known from Chinese groups?", "states": YES_NO},
        "spreads-alike": {"question": "Does it spread as NotPetya does?", "states": YES_NO},
        "sofacy-ways": {"question": "Do infrastructure and ways resemble Sofacy?", "states": YES_NO},
        "routers": {"question": "Were routers in Korea taken beforehand, as by VPNFilter?", "states": YES_NO},
        "login-domain": {"question": "Does its infrastructure lead to the phishing of 2016?", "states": YES_NO},
        "returned": {"question": "Did the same hands attack chemical laboratories later?", "states": YES_NO},
        "early-denial": {"question": "Did Moscow deny before anything had happened?", "states": YES_NO},
        "late-denial": {"question": "Did Moscow deny when charged?", "states": YES_NO},
        "mail-leaked": {"question": "Was mail of sports officials leaked in those weeks?", "states": YES_NO},
        "seoul-named": {"question": "Did Seoul name anybody?", "states": YES_NO},
    },
    "origins": {"talos": {"grade": "B2", "title": "The paper of Talos"}},
    "evidence": [
        item("wiper", "Its wiper is much like that of Lazarus", {"wiper-alike": "yes"}, "kaspersky", "B2", "2018-03-08", "axios"),
        item("header", "Its header is that of Lazarus, and does not fit its code", {"header-forged": "yes"}, "kaspersky", "B2", "2018-03-08", "wire"),
        item("password", 'Its password is "123"; Lazarus uses more than 30 letters', {"long-password": "no"}, "kaspersky", "B2", "2018-03-08", "axios"),
        item("ways", "Some of its ways are those of Sofacy", {"sofacy-ways": "yes"}, "kaspersky", "B3", "2018-03-08", "dark"),
        item("fragments", "Code of APT3 and key generation of APT10", {"chinese-code": "yes"}, "talos", "", "2018-02-26", "talos"),
        item("spread", "It spreads by PsExec and WMI as NotPetya does", {"spreads-alike": "yes"}, "talos", "", "2018-02-26", "talos"),
        item("guess-korea", "It was North Korea", {"perpetrator": "lazarus"}, "first-days", "D4", "2018-02-12", "wire"),
        item("guess-china", "It was China", {"perpetrator": "chinese-group"}, "first-days", "D5", "2018-02-12", "wire"),
        item("denies-early", "Moscow expects sham investigations two days before", {"early-denial": "yes"}, "moscow", "A1", "2018-02-07", "tass"),
        item("mail", "Mail of anti-doping officials is leaked in January", {"mail-leaked": "yes"}, "leak-site", "A1", "2018-02-08", "moscow"),
        item("officials", "It was the GRU, posing as North Korea", {"perpetrator": "russian-state"}, "us-officials", "C3", "2018-02-25", "post"),
        item("seoul-silent", "Seoul acknowledges an attack and names nobody", {"seoul-named": "no"}, "seoul", "A1", "2018-02-25", "newser"),
        item("again", "The same hands phish laboratories that respond to chemical threats", {"returned": "yes"}, "kaspersky", "B3", "2018-06-19", "june"),
        item("domain", "One of its domains leads to the phishing of US election officials", {"login-domain": "yes"}, "fireeye", "B2", "2019-10-17", "wired"),
        item("charges", "Six officers of unit 74455 are charged with it", {"perpetrator": "unit-74455"}, "us-justice", "B2", "2020-10-19", "justice"),
        item("london", "It was unit 74455, disguised as Koreans and Chinese", {"perpetrator": "unit-74455"}, "uk", "B2", "2020-10-19", "london"),
        item("vpnfilter", "Devices across Korea were targeted with VPNFilter", {"routers": "yes"}, "uk", "B3", "2020-10-19", "london"),
        item("denies-late", "Moscow denies when charged", {"late-denial": "yes"}, "embassy", "A1", "2020-10-20", "embassy"),
    ],
    "limits": ["Read from public pages and excerpts of them; what services know is not public."],
}  # fmt: skip


def chances(why: str, otherwise: list[float], **of: list[float]) -> dict[str, object]:
    return {"yes": {**{who.replace("_", "-"): chance for who, chance in of.items()}, "else": otherwise}, "because": why}


MODEL = {
    "format": "attribution-model/1",
    "id": "baseline",
    "case": "olympic-destroyer",
    "title": "Baseline",
    "grading": "standard",
    "traits": {
        "destroys": {
            "kind": "behaviour", "because": "Who had wiped the machines of others by then, and how often.",
            "unit-74455": [0.4, 0.6, 0.8], "unit-26165": [0.05, 0.15, 0.3], "lazarus": [0.3, 0.5, 0.7],
            "else": [0.01, 0.05, 0.15],
        },
        "grudge": {
            "kind": "behaviour", "because": "Who was shut out of these Games; Pyongyang sent a team and its leader's sister.",
            "russian-state": [0.5, 0.7, 0.9], "lazarus": [0.1, 0.25, 0.5], "else": [0.02, 0.08, 0.2],
        },
    },
    "perpetrator": {
        "proportional_to": ["destroys", "grudge"], "other": [0.02, 0.06, 0.15], "surprise": [0.001, 0.01, 0.05],
        "because": "Means and motive before anybody had looked at the code.",
    },
    "facts": {
        "wiper-alike": chances("Own code comes back; of others it is rare by chance.", [0.01, 0.04, 0.1], lazarus=[0.5, 0.75, 0.9]),
        "header-forged": chances("Nobody forges his own name; who plants traces may go so far.", [0.03, 0.1, 0.25], lazarus=[0.002, 0.01, 0.03]),
        "long-password": chances("Lazarus always had; others seldom.", [0.05, 0.15, 0.3], lazarus=[0.7, 0.85, 0.95]),
        "chinese-code": chances("Public tools travel; most code of a group stays with it.", [0.03, 0.08, 0.2], chinese_group=[0.4, 0.65, 0.85]),
        "spreads-alike": chances("The ways of NotPetya were public by then.", [0.1, 0.25, 0.45], unit_74455=[0.4, 0.65, 0.85]),
        "sofacy-ways": chances("Two units of one service share ways and landlords.", [0.03, 0.08, 0.2], unit_26165=[0.4, 0.65, 0.85], unit_74455=[0.2, 0.4, 0.6]),
        "routers": chances("VPNFilter was that service's, if anybody's.", [0.01, 0.04, 0.1], russian_state=[0.2, 0.4, 0.6]),
        "login-domain": chances("That phishing was charged to the service; addresses are let again.", [0.005, 0.02, 0.06], unit_74455=[0.3, 0.5, 0.7], unit_26165=[0.2, 0.4, 0.6]),
        "returned": chances("Laboratories that looked into the poisoning at Salisbury.", [0.01, 0.05, 0.12], russian_state=[0.2, 0.4, 0.6]),
        "early-denial": chances("Accused in advance it would deny in advance, guilty or not.", [0.3, 0.5, 0.7], russian_state=[0.4, 0.6, 0.8]),
        "late-denial": chances("It always has denied, guilty or not.", [0.9, 0.95, 0.98], russian_state=[0.92, 0.96, 0.99]),
        "mail-leaked": chances("A campaign against those who shut Russia out went on anyway.", [0.4, 0.6, 0.8], russian_state=[0.5, 0.75, 0.9]),
        "seoul-named": chances("Hosts seldom name anybody during Games; the North they might.", [0.03, 0.1, 0.2], lazarus=[0.1, 0.3, 0.5]),
    },
    "deception": {
        "staged": {
            "wiper-alike": {"probability": [0.1, 0.3, 0.6], "toward": "lazarus", "because": "Whoever wants North Korea blamed begins with its best-known code."},
            "chinese-code": {"probability": [0.02, 0.1, 0.3], "toward": "chinese-group", "because": "A second wrong trail, for those who doubt the first."},
        },
    },
    "clusters": {
        "code": ["wiper", "header", "password", "talos"], "infrastructure": ["ways", "domain", "vpnfilter"],
        "governments": ["officials", "charges", "london"], "first-days": ["guess-korea", "guess-china"],
    },
}  # fmt: skip


def main() -> None:
    case, model = at.Case.from_dict(CASE), at.Model.from_dict(MODEL)
    posterior = at.fit(case, model, engine="importance")
    print(posterior, end="\n\n")
    later = ("officials", "charges", "london", "domain", "vpnfilter", "again", "ways", "spread", "fragments")
    look = ("evidence.header.grade", "evidence.password.grade")
    frame = at.sweep(
        case,
        model,
        [
            {
                **{f"evidence.{id}": "off" for id in later},
                "deception.staged.wiper-alike.probability": staged,
                **dict.fromkeys(look, grade),
            }
            for grade in ("off", "B2")
            for staged in (0.01, 0.3, 0.8)
        ],
    )
    lazarus = frame[frame["faction"] == "lazarus"]
    shown = lazarus.pivot(index=look[0], columns="deception.staged.wiper-alike.probability", values="probability")
    print(
        "North Korea, from what the first days had: the wiper alone (off), and with its header and password looked at"
    )
    print("closely (B2); by how probable it is that whoever did it had planted the wiper:")
    print(shown.sort_index(ascending=False).round(2), end="\n\n")
    print(frame.groupby("setting")["verdict"].first().to_string())
    at.write_report(posterior, "olympic-destroyer.html")


if __name__ == "__main__":
    main()

"""The words of generated accounts."""

FIRST_NAMES = (
    *("Amira", "Bruno", "Chloe", "Daniel", "Elif", "Farah", "Goran", "Hanna", "Ivan", "Jasmin", "Kofi", "Lena"),
    *("Mateo", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samuel", "Tove", "Uma", "Viktor", "Wanda", "Yusuf"),
)
LAST_NAMES = (
    *("Adler", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kaya", "Lopez"),
    *("Mensah", "Novak", "Okafor", "Petrov", "Quinn", "Rossi", "Silva", "Tanaka", "Usman", "Varga", "Weber", "Young"),
)

COMPANIES = tuple(
    f"{first} {second}"
    for first in ("Amber", "Blue", "Cedar", "Delta", "Echo", "Fern", "Granite", "Harbour", "Iris", "Juniper")
    for second in ("Analytics", "Books", "Coffee", "Design", "Energy", "Foods", "Hotels", "Legal", "Robotics")
)

# Each account has as many of them as it has projects, so there are at least 30, and the keys differ.
PROJECTS = (
    *(("WEB", "Website"), ("APP", "Mobile app"), ("OPS", "Operations"), ("HIRE", "Hiring"), ("DOCS", "Documentation")),
    *(("SHOP", "Online shop"), ("PAY", "Payments"), ("CRM", "Customer records"), ("SEO", "Search ranking")),
    *(("NEWS", "Newsletter"), ("BRAND", "New brand"), ("MOVE", "Office move"), ("AUDIT", "Yearly audit")),
    *(("DATA", "Data warehouse"), ("API", "Public interface"), ("MIG", "Server migration"), ("QA", "Quality")),
    *(("SEC", "Security"), ("LEGAL", "Contracts"), ("TAX", "Tax return"), ("EVENT", "Summer event")),
    *(("TRAIN", "Training"), ("STOCK", "Warehouse"), ("FLEET", "Vans and drivers"), ("HELP", "Help desk")),
    *(("BETA", "Beta programme"), ("PRESS", "Press work"), ("GREEN", "Saving energy"), ("L10N", "Translations")),
    *(("MISC", "Everything else"), ("BOARD", "Board meetings")),
)

LABELS = ("bug", "idea", "design", "docs", "urgent", "legal", "money", "client")

TITLES = tuple(
    f"{verb} the {thing}"
    for verb in (
        *("Answer", "Approve", "Archive", "Check", "Clean up", "Compare", "Correct", "Describe", "Draft", "Finish"),
        *("Improve", "Measure", "Order", "Plan", "Prepare", "Print", "Publish", "Renew", "Replace", "Review"),
        *("Rewrite", "Send", "Simplify", "Sort out", "Test", "Translate", "Update", "Verify"),
    )
    for thing in (
        *("address book", "annual report", "back-up plan", "budget", "calendar", "checkout page", "contract"),
        *("customer survey", "delivery note", "error message", "floor plan", "guest list", "handbook", "invoice"),
        *("job advert", "landing page", "logo", "meeting notes", "newsletter", "offer", "parking permit"),
        *("photo archive", "price list", "privacy notice", "purchase order", "release notes", "road map"),
        *("schedule", "search form", "server room", "sign-up form", "style guide", "supplier list", "terms of use"),
        *("ticket queue", "time sheet", "training plan", "warranty", "sales deck"),
    )
)

SENTENCES = (
    "The client asked for it twice, so it should not wait any longer.",
    "See the **notes of the last meeting** before you start.",
    "Two things to decide:\n\n- who pays for it\n- when it has to be ready",
    "It works on the test system; `production` still has the old version.",
    "The reason for this is not documented. Ask first, then change it.",
    "Half of it is done. What is missing is on the second page.",
)

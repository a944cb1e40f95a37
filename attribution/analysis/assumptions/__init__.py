"""What the answer owes to judgement: leaning analysts, wrong models, what was learned; many settings at once."""

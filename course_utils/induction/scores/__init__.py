"""What an induction head is recognised by, on any model: its attention, its weights, what is lost without it.

`measures` – scores of attention patterns and losses. `heads` – every head of a model by these. `circuits` – weights
alone: copying, composition. `interventions` – heads taken away; which input of a head reads another head. `parts` –
attention scores taken apart. `roles` – needed, enough, specific.
"""

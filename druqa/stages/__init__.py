"""The steps of the flow. Siblings never import each other; only druqa.check composes them."""

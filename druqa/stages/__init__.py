"""The steps of the flow. Siblings never import each other; only druqa.flow composes them."""

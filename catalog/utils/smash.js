/** Puts everything that it is given below one property, whose name `$fieldName` says. */
function main({ $fieldName: field, ...rest }) {
  if (typeof field !== 'string') return { error: "Expected an argument '$fieldName' of type 'string'." };
  return { [field]: rest };
}

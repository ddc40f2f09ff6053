/** Says hello a moment later: what an action gives may be a promise. */
function main({ name = 'stranger', place = 'somewhere' }) {
  return new Promise((resolve) => {
    setTimeout(() => { resolve({ lines: ['Hello,', name, 'from', `${place}!`] }); }, 100);
  });
}

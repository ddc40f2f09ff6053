/** Greets somebody from somewhere. */
function main({ name = 'stranger', place = 'somewhere', ...rest }) {
  console.log('params:', { name, place, ...rest });
  return { payload: `Hello, ${name} from ${place}!` };
}

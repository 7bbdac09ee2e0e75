export default async function doctor() { return 0; }

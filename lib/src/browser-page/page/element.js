// @ts-check

/**
 * The element of the page with an id; whoever asks knows of which kind it is.
 *
 * @param {string} id
 * @returns {any}
 */
exports.byId = (id) => document.getElementById(id);

/**
 * A new element with properties, and children after them.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {object} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
exports.element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

/** The product's name, wherever the portal says it. */
export const PRODUCT = document.documentElement.dataset.product || 'Tenantry';

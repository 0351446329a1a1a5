import prod from '../../../../environments/prod.ts';

export default { ...prod, dns: { cidrs: ['169.254.20.10/24'], ports: [70000] } };
